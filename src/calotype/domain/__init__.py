"""What an image is: the words and rules every other floor uses. Pure, standard library only, no clock, no I/O."""
