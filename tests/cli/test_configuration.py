from pathlib import Path

import pytest

import servers


def shown(*arguments: str, cwd: Path, **env: str) -> dict[str, list[str]]:
    """What `config show` says of each option: value and origin."""
    result = servers.run("config", "show", *arguments, cwd=cwd, **env)
    assert (result.returncode, result.stderr) == (0, "")
    rows = [line.rpartition("  # ") for line in result.stdout.splitlines()]
    return {row[0].split(" = ")[0]: [row[0].split(" = ", 1)[1].strip(), row[2]] for row in rows}


def refusal(*arguments: str, cwd: Path, **env: str) -> str:
    """The one line with which `config show` refuses to go on."""
    result = servers.run("config", "show", *arguments, cwd=cwd, **env)
    assert (result.returncode, result.stdout) == (2, "")
    assert result.stderr.startswith("calotype: ")
    assert result.stderr.count("\n") == 1
    return result.stderr


def write(path: Path, text: str) -> Path:
    path.parent.mkdir(exist_ok=True)
    path.write_text(text)
    return path


def test_without_any_word_the_defaults_are_in_force(tmp_path):
    options = shown(cwd=tmp_path)

    assert options["port"] == ["9292", "default"]
    assert options["disk_formats"][0].startswith('["ami", "ari", "aki", "vhd"')
    assert {origin for _, origin in options.values()} == {"default"}


def test_a_file_overrules_the_default_the_environment_the_file_and_a_flag_the_environment(tmp_path):
    write(tmp_path / "site.toml", "limit_max = 1\nlimit_default = 1\nproperty_quota = 1\n")
    env = {"CALOTYPE_LIMIT_DEFAULT": "2", "CALOTYPE_PROPERTY_QUOTA": "2"}

    options = shown("--config", "site.toml", "--property-quota", "3", cwd=tmp_path, **env)

    assert options["limit_max"] == ["1", "file site.toml"]
    assert options["limit_default"] == ["2", "env CALOTYPE_LIMIT_DEFAULT"]
    assert options["property_quota"] == ["3", "flag --property-quota"]


def test_a_later_file_overrules_an_earlier_one_and_both_the_one_in_the_data_folder(tmp_path):
    write(tmp_path / "data" / "calotype.toml", "limit_max = 1\nlimit_default = 1\nproperty_quota = 1\n")
    write(tmp_path / "first.toml", "limit_default = 2\nproperty_quota = 2\n")
    write(tmp_path / "second.toml", "property_quota = 3\n")

    options = shown("--config", "first.toml", "--config", "second.toml", cwd=tmp_path)

    assert [options[name][0] for name in ("limit_max", "limit_default", "property_quota")] == ["1", "2", "3"]


def test_a_file_may_say_where_the_data_folder_is_whose_own_file_then_counts(tmp_path):
    write(tmp_path / "elsewhere" / "calotype.toml", "limit_max = 7\n")
    write(tmp_path / "site.toml", 'data_dir = "elsewhere"\n')

    assert shown("--config", "site.toml", cwd=tmp_path)["limit_max"] == ["7", "file elsewhere/calotype.toml"]


def test_an_ephemeral_service_does_not_read_the_file_of_the_usual_data_folder(tmp_path):
    write(tmp_path / "data" / "calotype.toml", "limit_max = 7\n")

    assert shown("--ephemeral", cwd=tmp_path)["limit_max"] == ["1000", "default"]


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({"CALOTYPE_DISK_FORMATS": "raw iso"}, '["raw", "iso"]'),
        ({"CALOTYPE_V1_ENABLED": "false"}, "false"),
        ({"CALOTYPE_PUBLIC_ENDPOINT": "https://images.example"}, '"https://images.example"'),
    ],
)
def test_the_environment_can_say_lists_truths_and_texts(tmp_path, given, expected):
    ((variable, _),) = given.items()
    name = variable.removeprefix("CALOTYPE_").lower()

    assert shown(cwd=tmp_path, **given)[name] == [expected, f"env {variable}"]


def test_flags_can_say_lists_and_truths(tmp_path):
    options = shown("--disk-formats", "raw", "--disk-formats", "iso", "--no-v1-enabled", cwd=tmp_path)

    assert (options["disk_formats"][0], options["v1_enabled"][0]) == ('["raw", "iso"]', "false")


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("limit_mux = 3", "limit_mux"),
        ("[serve]\nport = 3", "serve"),
        ('config = ["other.toml"]', "config"),
        ('port = "9292"', "port"),
        ("port = true", "port"),
        ("limit_max = [3]", "limit_max"),
        ('disk_formats = "raw"', "disk_formats"),
        ("public_endpoint = 3", "public_endpoint"),
        ("data_dir = 3", "data_dir"),
        ("limit_max = 9223372036854775808", "limit_max"),
        ("limit_max = -1", "limit_max"),
        ("drain_timeout_s = nan", "drain_timeout_s"),
        ("workers = 65", "workers"),
        ('public_endpoint = "images.example"', "public_endpoint"),
        ("not toml at all", "site.toml"),
    ],
)
def test_a_file_with_something_wrong_in_it_is_refused_and_the_line_names_what(tmp_path, text, named):
    write(tmp_path / "site.toml", text)

    assert named in refusal("--config", "site.toml", cwd=tmp_path)


def test_a_file_that_is_not_there_is_refused_and_named(tmp_path):
    assert "nowhere.toml" in refusal("--config", "nowhere.toml", cwd=tmp_path)


def test_an_unknown_variable_is_refused_and_named(tmp_path):
    assert "CALOTYPE_LIMIT_MUX" in refusal(cwd=tmp_path, CALOTYPE_LIMIT_MUX="3")


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        (["--limit-mux", "3"], "--limit-mux"),
        (["--port", "many"], "--port"),
        (["--port", "65536"], "--port"),
        (["--database-pool-size", "0"], "database_pool_size"),
        (["--database-pool-size", "1001"], "database_pool_size"),
        (["--database-statement-timeout-s", "0"], "database_statement_timeout_s"),
        (["--database-lock-wait-s", "0.05"], "database_lock_wait_s"),
        (["--database-connect-timeout-s", "3601"], "database_connect_timeout_s"),
        (["--database-tcp-timeout-s", "0"], "database_tcp_timeout_s"),
        (["--workers", "0"], "--workers"),
        (["--workers", "65"], "--workers"),
        (["--ephemeral", "--data-dir", "here"], "data_dir"),
        (["--database", "mysql://u:hush@db/x"], "database"),
        (["--database", "postgresql://u:hush@db:port/x"], "database"),
        (["--database", "sqlite:///"], "database"),
        (["--database", "sqlite:///:memory:"], "database"),
        (["--database", "sqlite:///catalogue.sqlite?mode=ro"], "database"),
        (["--database", "sqlite:///catalogue%00.sqlite"], "database"),
        (["--data-dir", "a\udcff"], "data_dir"),
        (["--public-endpoint", "https://images.example/"], "public_endpoint"),
        (["--public-endpoint", "https://"], "public_endpoint"),
        (["--public-endpoint", "https://images.example?a=b"], "public_endpoint"),
        (["--public-endpoint", 'https://images.example/"a b"'], "public_endpoint"),
        (["--trusted-proxies", "proxy.example"], "trusted_proxies"),
        (["--trusted-proxies", "10.0.0.1/8"], "trusted_proxies"),
        (["--trusted-proxies", "::1", "--trusted-proxies", "10.0.0.0/33"], "trusted_proxies"),
        (["--tls-cert", "cert.pem"], "tls_key"),
        (["--tls-key", "key.pem"], "tls_cert"),
        (["surplus"], "surplus"),
    ],
)
def test_a_flag_with_something_wrong_is_refused_and_the_line_names_it(tmp_path, arguments, named):
    assert named in refusal(*arguments, cwd=tmp_path)


@pytest.mark.parametrize("url", ["postgresql://u:hush@db/x", "mysql://u:hush@db/x"])
def test_a_password_in_the_database_url_is_never_shown(tmp_path, url):
    result = servers.run("config", "show", "--database", url, cwd=tmp_path)

    assert "hush" not in result.stdout + result.stderr
    assert "***" in result.stdout + result.stderr


def test_a_password_in_a_wrong_place_of_a_file_is_not_shown(tmp_path):
    write(tmp_path / "site.toml", 'database = ["postgresql://u:hush@db/x"]')

    assert "hush" not in refusal("--config", "site.toml", cwd=tmp_path)


def test_stores_can_be_named_in_each_way_and_a_name_that_means_nothing_is_refused(tmp_path):
    write(tmp_path / "site.toml", 'store = ["a=file:a", "b=file:b?description=two+words"]\n')

    assert shown("--config", "site.toml", cwd=tmp_path)["store"][0] == '["a=file:a", "b=file:b?description=two+words"]'
    assert shown(cwd=tmp_path, CALOTYPE_STORE="a=file:a b=file:b")["store"][0] == '["a=file:a", "b=file:b"]'
    assert shown("--store", "c=file:c", cwd=tmp_path)["store"] == ['["c=file:c"]', "flag --store"]
    assert "'c=nfs:c' for 'store'" in refusal("--store", "c=nfs:c", cwd=tmp_path)
