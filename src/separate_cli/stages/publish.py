"""Publish an evaluated run: gather what is known, write the folder, send it to a hub.

    workspace, run --prepare--> publish/RUN/WHERE/ (checked, shown to the user) --publish--> Published

Nothing leaves the computer before ``publish``.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from separate_cli.errors import InputError, UsageError
from separate_cli.hub.publishing.deposits import Deposits
from separate_cli.hub.publishing.description import zenodo_metadata
from separate_cli.hub.publishing.evaluated import Evaluation, find_evaluation, with_model
from separate_cli.hub.publishing.facts import Creator, Facts, gather, read_creator
from separate_cli.hub.publishing.folder import check_folder, write_folder
from separate_cli.hub.publishing.hugging_face import publish_on_hugging_face
from separate_cli.hub.publishing.journal import Journal
from separate_cli.hub.publishing.order import Order
from separate_cli.hub.publishing.publishable import MODEL, PublishableFolder, read_folder
from separate_cli.hub.publishing.published import Published
from separate_cli.hub.publishing.zenodo import publish_on_zenodo
from separate_cli.hub.reference_forms import HuggingFaceFile, ZenodoFile, parse
from separate_cli.hub.searching import COMMUNITY
from separate_cli.hub.tokens import HUGGING_FACE, SANDBOX, ZENODO, Service, Token
from separate_cli.net.addresses import host_of
from separate_cli.net.session import Client
from separate_cli.pipeline.inventory import RUN_FILE
from separate_cli.pipeline.lock import hold
from separate_cli.progress import SILENT, Progress
from separate_cli.recipes.load import load_recipe
from separate_cli.settings import zenodo_url
from separate_cli.specs.publish import PublishSpec

__all__ = ["Prepared", "prepare", "publish", "service_of"]


@dataclass(frozen=True)
class Prepared:
    """A publication that is ready to go.

    Args:
        spec: What was asked for.
        facts: What is said about the model.
        folder: What is sent.
        home: The folder of the run's publications, with their journal.
    """

    spec: PublishSpec
    facts: Facts
    folder: PublishableFolder
    home: Path

    @property
    def communities(self) -> tuple[str, ...]:
        """Communities of Zenodo that it is offered to."""
        if self.spec.communities is not None:
            return self.spec.communities
        return () if self.spec.sandbox or self.spec.hub != "zenodo" else (COMMUNITY,)


def prepare(
    spec: PublishSpec, workspace: Path, *, run: str | None = None, chosen: Callable[[Evaluation], None] = lambda _: None
) -> Prepared:
    """Write and check the publishable folder of a run; the newest evaluated one if none is named.

    Args:
        spec: What is asked for.
        workspace: The folder that holds ``exp/``.
        run: Name or folder of the run.
        chosen: Told which evaluation it is, before anything else happens.

    Raises:
        UsageError: If there is no such run, or nobody is named as author.
        InputError: If it was not evaluated, or its files are not what they were.
        RefusedError: If the data sets do not allow it.
    """
    evaluation = find_evaluation(workspace, run)
    chosen(evaluation)
    recipe, named = _recipe_of(workspace / "exp" / evaluation.run)
    creators = [read_creator(text) for text in spec.authors] or [_usual_author()]
    scored = with_model(evaluation, workspace, named=named)
    facts = gather(scored, title=spec.title, creators=creators, licence=spec.licence, recipe=recipe)
    home = workspace / "publish" / evaluation.run
    where, reference = _place(spec)
    with hold(home / ".lock"):
        folder = write_folder(facts, home / where, reference=reference)
        check_folder(folder)
    return Prepared(spec, facts, folder, home)


def publish(
    prepared: Prepared, token: Token, *, progress: Progress = SILENT, tell: Callable[[str], None] = lambda _: None
) -> Published:
    """Send a prepared folder to its hub, going on where an interrupted call has stopped.

    Raises:
        RemoteError: If the hub cannot be reached or refuses.
        RefusedError: If the user may not write there.
        UsageError: If the model is published already, in another form.
        InputError: If the folder is not what was prepared.
        OutputError: If another process is publishing the same run.
    """
    spec, folder = prepared.spec, prepared.folder
    with hold(prepared.home / ".lock"):
        if read_folder(folder.path) != folder:
            raise InputError(f"{folder.path} has changed since it was shown.", hint="Run the same command again.")
        if spec.hub == "hugging_face":
            repo = spec.repo or ""
            return publish_on_hugging_face(
                folder, repo, token=token, private=spec.private, progress=progress, tell=tell
            )
        url = zenodo_url(sandbox=spec.sandbox)
        journal = Journal(prepared.home / "journal.json")
        with Client(token=token.value, token_host=host_of(url)) as client:
            return publish_on_zenodo(_order(prepared), Deposits(url, client), journal, progress=progress, tell=tell)


def service_of(spec: PublishSpec) -> Service:
    """Whose token is needed."""
    if spec.hub == "hugging_face":
        return HUGGING_FACE
    return SANDBOX if spec.sandbox else ZENODO


def _order(prepared: Prepared) -> Order:
    spec, facts = prepared.spec, prepared.facts
    digest = prepared.folder.digest

    def metadata(number: int | None) -> dict[str, object]:
        reference = "" if number is None else str(ZenodoFile(number, sandbox=spec.sandbox))
        return zenodo_metadata(facts, digest=digest, reference=reference, communities=prepared.communities)

    return Order(
        folder=prepared.folder,
        weights=facts.header.parents["trained"],
        metadata=metadata,
        communities=prepared.communities,
        version_of=None if spec.new_version_of is None else _record_number(spec.new_version_of),
        resume=spec.resume,
        sandbox=spec.sandbox,
    )


def _record_number(text: str) -> int:
    """The number of a record by any of its names."""
    if text.isdecimal():
        return int(text)
    found = parse(text)
    if not isinstance(found, ZenodoFile):
        raise UsageError(f"{text!r} is no record on Zenodo.", hint="Expected its number, as in --new-version-of 542201")
    return found.record


def _place(spec: PublishSpec) -> tuple[str, str]:
    """Name of the folder, and what its readers will give to ``sep infer``."""
    if spec.hub == "hugging_face":
        repo = spec.repo or ""
        return f"hugging_face-{repo.replace('/', '-')}", HuggingFaceFile(repo).repo
    return ("zenodo-sandbox" if spec.sandbox else "zenodo"), MODEL


def _recipe_of(run: Path) -> tuple[str, Path | None]:
    """The name of a run's recipe, and the model that it names instead of training one."""
    try:
        noted = json.loads((run / RUN_FILE).read_text(encoding="utf-8"))
        recipe, overrides = str(noted["recipe"]), list(noted["overrides"])
    except (OSError, ValueError, KeyError, TypeError):
        return "", None
    try:
        sections = load_recipe(recipe, overrides).sections
    except (InputError, UsageError):  # moved since; only needed where the recipe names a model
        return Path(recipe).stem, None
    models = [getattr(section.spec, "model", None) for section in sections if section.verb == "eval"]
    return Path(recipe).stem, next((Path(one).expanduser() for one in models if isinstance(one, Path)), None)


def _usual_author() -> Creator:
    """Who works here: ``SEP_AUTHOR``, else the name that git knows.

    Raises:
        UsageError: If neither says.
    """
    name, git = os.environ.get("SEP_AUTHOR", "").strip(), shutil.which("git")
    if not name and git:
        asked = subprocess.run([git, "config", "user.name"], capture_output=True, text=True, check=False)  # noqa: S603
        name = asked.stdout.strip()
    if not name:
        raise UsageError("Nobody is named as author.", hint='Give --author "Doe, Jane (Some Lab)", or set SEP_AUTHOR.')
    return read_creator(name)
