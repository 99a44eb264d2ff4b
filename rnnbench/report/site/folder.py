"""The site's folder: files are written completely, kept if unchanged, or removed."""

import hashlib
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from rnnbench.model.errors import ResultsError
from rnnbench.report.site import addresses
from rnnbench.report.site.index_file import Previous, decode
from rnnbench.storage.files import write_whole


@dataclass(frozen=True, slots=True)
class SiteFolder:
    """A folder of a site, and the files of the site that are in it by now.

    `files`: the address of each file that this build made or kept, with its digest.
    `keys`: of each page a digest of what it was made of. `rendered`: pages that this
    build made.
    """

    root: Path
    previous: Previous
    files: dict[str, str] = field(default_factory=dict)
    keys: dict[str, str] = field(default_factory=dict)
    rendered: list[str] = field(default_factory=list)

    @classmethod
    def open(cls, root: Path) -> "SiteFolder":
        """The folder as the last build left it; ResultsError if it is not a site's."""
        path = root / addresses.INDEX_DATA
        try:
            text = path.read_text(encoding="utf-8")
        except FileNotFoundError:
            return cls(root, Previous())
        except (OSError, ValueError) as error:
            raise ResultsError(f"{path}: can't be read") from error
        previous = decode(text)
        if previous is None:
            raise ResultsError(f"{path}: not a site's index: choose another folder")
        return cls(root, previous)

    def put(self, address: str, content: bytes) -> None:
        """Write a file, unless it holds that already."""
        path = self.root / address
        try:
            if not path.is_file() or path.read_bytes() != content:
                write_whole(path, content)
        except OSError as error:
            raise ResultsError(f"{path}: can't be written: {error.strerror}") from error
        self.files[address] = hashlib.sha256(content).hexdigest()

    def page(self, address: str, key: str, render: Callable[[], str]) -> None:
        """Keep a page that was made from the same input, or make it.

        `key`: a digest of everything that `render` reads; the code is known already.
        """
        self.keys[address] = key
        if self.previous.keys.get(address) != key or not self.keep(address):
            self.put(address, render().encode())
            self.rendered.append(address)

    def keep(self, *addresses_: str) -> bool:
        """Keep files of the last build; False, keeping none, if one was changed."""
        for address in addresses_:
            digest = self.previous.files.get(address)
            if digest is None or _digest_of(self.root / address) != digest:
                return False
        for address in addresses_:
            self.files[address] = self.previous.files[address]
        return True

    def put_index(self, content: bytes) -> None:
        """Write index.json, which names all other files and not itself."""
        self.put(addresses.INDEX_DATA, content)
        del self.files[addresses.INDEX_DATA]

    def remove_leftovers(self) -> None:
        """Remove what the last build made and this one neither made nor kept."""
        root = self.root.resolve()
        for address in self.previous.files:
            path = self.root / address
            # A folder that is a link may lead anywhere, so its files are left alone.
            is_within = path.parent.resolve() == root / Path(address).parent
            if address in self.files or not is_within:
                continue
            with suppress(OSError):
                path.unlink(missing_ok=True)
                path.parent.rmdir()


def _digest_of(path: Path) -> str:
    """The sha256 of a file's content; empty where it can't be read."""
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError:
        return ""
