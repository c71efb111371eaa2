"""fog as its users start it: `fog_v1.rb` and `fog_v2.rb` do a task in Ruby."""

import json
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import servers
from servers import Server

PROGRAMS = {version: Path(__file__).with_name(f"fog_v{version}.rb") for version in (1, 2)}


@dataclass(frozen=True)
class Fog:
    """fog's version 1 or 2 of the Image API, in *home*, where nobody's settings are."""

    home: Path
    server: Server
    version: int = 1

    @property
    def options(self) -> dict[str, str]:
        """What a user of fog says to log in at the service."""
        login = self.server.credentials()
        return {
            "openstack_auth_url": self.server.url + "/identity",
            "openstack_username": login["username"],
            "openstack_api_key": login["password"],
            "openstack_project_name": login["project_name"],
            "openstack_domain_id": "default",
        }

    def do(self, task: str, options: Mapping[str, str] = {}, **given: Any) -> dict[str, Any]:
        """What *task* of the program found out, connected with *options* in place of those above."""
        result = self._run(task, options or self.options, given)
        assert result.returncode == 0, result.stderr
        found: dict[str, Any] = json.loads(result.stdout)
        return found

    def refused(self, task: str, options: Mapping[str, str]) -> str:
        """The class of the error that ended *task*."""
        result = self._run(task, options, {})
        assert result.returncode == 1, result.stdout + result.stderr
        return result.stderr.strip()

    def _run(self, task: str, options: Mapping[str, str], given: Mapping[str, Any]) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            ["ruby", PROGRAMS[self.version]],
            input=json.dumps({"task": task, "connect": dict(options), **given}),
            env=servers.environment(HOME=str(self.home)),
            capture_output=True,
            text=True,
            timeout=60,
        )
