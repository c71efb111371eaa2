import subprocess
import sys

from calotype.auth import passwords


def test_a_password_is_good_for_its_own_hash_only():
    password_hash = passwords.hashed("swordfish")

    assert passwords.verify(password_hash, "swordfish")
    assert not passwords.verify(password_hash, "Swordfish")


def test_two_hashes_of_one_password_differ():
    assert passwords.hashed("swordfish") != passwords.hashed("swordfish")


def test_a_hash_takes_19_mib_two_passes_and_one_lane():
    parameters = "$argon2id$v=19$m=19456,t=2,p=1$"

    assert passwords.hashed("swordfish").startswith(parameters)
    assert passwords.NOBODYS_HASH.startswith(parameters)


def test_a_password_of_1024_bytes_is_good_and_one_of_1025_is_wrong_whatever_it_is_held_against():
    assert passwords.verify(passwords.hashed("ü" * 512), "ü" * 512)
    assert not passwords.verify(passwords.hashed("ü" * 512 + "x"), "ü" * 512 + "x")


def test_a_damaged_hash_and_half_of_a_surrogate_pair_are_wrong_not_errors():
    assert not passwords.verify("", "swordfish")
    assert not passwords.verify("$argon2id$v=19$m=19456,t=2,p=1$YQ$YQ", "swordfish")
    assert not passwords.verify(passwords.hashed("swordfish"), "\ud800")


def test_a_generated_password_needs_no_quoting_anywhere():
    password = passwords.generated()

    assert len(password) == 32
    assert password.isascii()
    assert password.isalnum()
    assert password != passwords.generated()


def test_argon2_is_loaded_by_the_first_login_not_by_the_start():
    program = "import sys, calotype.service.accounts; sys.exit('argon2' in sys.modules)"

    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0
