"""Publish a folder as a repository on Hugging Face: one commit with all files, or none; then look at what is there.

    what is there? ─ same ─> done already        not ours ─> refused
                   ─ else ─> create repository ─ one commit ─ compare every checksum

Every step may be repeated: a repository that exists is used, a commit that changes nothing is not made.

Checked: tests/hub/publishing/test_hugging_face.py, against a local server that ``huggingface_hub`` works with.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from importlib import import_module
from typing import TYPE_CHECKING, Any

from separate_cli.errors import RefusedError, RemoteError
from separate_cli.hub.hugging_face import LIBRARY_NAME
from separate_cli.hub.model_files import MODEL_SUFFIXES
from separate_cli.hub.publishing.hugging_face_errors import explain, is_passing
from separate_cli.hub.publishing.order import ATTEMPTS
from separate_cli.hub.publishing.publishable import ABOUT, LocalFile, PublishableFolder
from separate_cli.hub.publishing.published import Published
from separate_cli.hub.reference_forms import HuggingFaceFile
from separate_cli.hub.tokens import Token
from separate_cli.net import waiting
from separate_cli.progress import SILENT, Progress
from separate_cli.settings import hugging_face_url, is_offline

if TYPE_CHECKING:
    from huggingface_hub import HfApi

__all__ = ["publish_on_hugging_face"]


def publish_on_hugging_face(
    folder: PublishableFolder,
    repo: str,
    *,
    token: Token,
    private: bool = False,
    progress: Progress = SILENT,
    tell: Callable[[str], None] = lambda _: None,
) -> Published:
    """Bring a repository to what a folder holds.

    Args:
        folder: What to publish.
        repo: ``user/name``; made if it is not there.
        token: The user's.
        private: Whether a new repository is for its owner only.
        progress: Shows that something goes on.
        tell: Told what happens.

    Raises:
        RefusedError: If the repository holds something else, or the user may not write there.
        UsageError: If the name cannot be one.
        RemoteError: If Hugging Face cannot be reached or does not hold what was sent.
    """
    publication = _Publication(folder, repo, private, _api(token))
    with progress.task(f"Uploading to {repo}"), _no_bars():
        for attempt in range(1, ATTEMPTS + 1):
            try:
                return publication.run()
            except Exception as error:
                failure = explain(error, repo)
                if failure is None:
                    raise
                if not is_passing(error) or attempt == ATTEMPTS:
                    raise failure from error
            tell(f"{failure.message} Trying again.")
            waiting.pause(waiting.backoff_seconds(attempt))
    raise ValueError("The loop ends with a publication or an error.")


def _api(token: Token) -> HfApi:
    from huggingface_hub import HfApi, constants

    from separate_cli import __version__

    if is_offline() or constants.HF_HUB_OFFLINE:
        raise RemoteError("SEP_OFFLINE or HF_HUB_OFFLINE forbids to publish.", hint="Unset it to use the network.")
    return HfApi(endpoint=hugging_face_url(), token=token.value, library_name=LIBRARY_NAME, library_version=__version__)


@dataclass(frozen=True)
class _Publication:
    folder: PublishableFolder
    repo: str
    private: bool
    api: HfApi = field(repr=False)

    def run(self) -> Published:
        """One attempt."""
        there = self._look()
        if there is not None and self._differing(there) == []:
            return self._report(there, already=True)
        names = {one.rfilename for one in there.siblings or ()} if there is not None else set()
        models = [name for name in names if name.endswith(tuple(MODEL_SUFFIXES))]
        if models and ABOUT not in names:
            raise RefusedError(
                f"The repository {self.repo} holds a model that sep did not publish ({models[0]}).",
                hint="Choose another name, or delete that repository first.",
            )
        if there is None:
            self.api.create_repo(self.repo, private=self.private, exist_ok=True)
        self._commit(names)
        there = self._look()
        wrong = [ABOUT] if there is None else self._differing(there)
        if there is None or wrong:
            raise RemoteError(f"Hugging Face does not hold what was sent: {', '.join(wrong)}.", hint="Try again later.")
        return self._report(there, already=False)

    def _look(self) -> Any:
        from huggingface_hub.errors import RepositoryNotFoundError

        try:
            return self.api.model_info(self.repo, files_metadata=True)
        except RepositoryNotFoundError:
            return None

    def _commit(self, names: set[str]) -> None:
        """All files at once, and away with samples of an earlier version."""
        from huggingface_hub import CommitOperationAdd, CommitOperationDelete

        kept = {one.name for one in self.folder.files}
        stale = sorted(name for name in names - kept if name.startswith("sample-"))
        self.api.create_commit(
            self.repo,
            operations=[
                *(CommitOperationAdd(path_in_repo=one.name, path_or_fileobj=one.path) for one in self.folder.files),
                *(CommitOperationDelete(path_in_repo=name) for name in stale),
            ],
            commit_message=f"Publish {self.folder.about['title']}",
            num_threads=2,
        )

    def _differing(self, there: Any) -> list[str]:
        """Files whose content on the hub is not that of the folder."""
        held = {one.rfilename: one for one in there.siblings or ()}
        return [one.name for one in self.folder.files if one.name not in held or not _is_same(one, held[one.name])]

    def _report(self, there: Any, *, already: bool) -> Published:
        warnings = []
        if self.private and not there.private:
            warnings.append("The repository was there already, and is public.")
        return Published(
            reference=str(HuggingFaceFile(self.repo, there.sha)),
            latest=str(HuggingFaceFile(self.repo)),
            url=f"{self.api.endpoint}/{self.repo}",
            already=already,
            warnings=tuple(warnings),
        )


def _is_same(local: LocalFile, remote: Any) -> bool:
    if remote.lfs is not None:
        return bool(remote.lfs["sha256"] == local.sha256)
    content = local.path.read_bytes()
    return bool(
        remote.blob_id == hashlib.sha1(b"blob %d\0%b" % (len(content), content), usedforsecurity=False).hexdigest()
    )


@contextmanager
def _no_bars() -> Iterator[None]:
    """Keep ``huggingface_hub`` from drawing on the terminal for a while."""
    bars = import_module("huggingface_hub.utils")
    before = bars.are_progress_bars_disabled()
    bars.disable_progress_bars()
    try:
        yield
    finally:
        if not before:
            bars.enable_progress_bars()
