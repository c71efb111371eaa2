"""docs/api/examples.md: its blocks in one shell, and what each must print."""

import re
import shutil
from collections.abc import Callable
from pathlib import Path

import servers

PAGE = (Path(__file__).parents[2] / "docs/api/examples.md").read_text()
BLOCK = re.compile(r"^```sh\n(.*?)^```\n\n^```text\n(.*?)^```$", flags=re.MULTILINE | re.DOTALL)
END = "(end of a block)\n"


def test_every_example_does_what_the_page_says(
    start_server: Callable[..., servers.Server], tmp_path: Path, missing: Callable[[str], None]
) -> None:
    for program in ("curl", "jq"):
        if shutil.which(program) is None:
            missing(program)
    start_server()
    blocks = BLOCK.findall(PAGE)
    assert len(blocks) == PAGE.count("```sh")
    script = f"printf '{END[:-1]}\\n'\n".join(commands for commands, _ in blocks)
    result = servers.run_script(script, tmp_path, timeout_s=60)

    assert result.stdout.split(END) == [printed for _, printed in blocks], result.stderr
    assert result.returncode == 0
