"""What a runtime other than eager made of a case, beside its times."""

from dataclasses import dataclass

# A runtime of the user's writes its own note.
MOST_LETTERS_OF_A_NOTE = 300


@dataclass(frozen=True, slots=True, kw_only=True)
class RuntimeFacts:
    """Facts of one case in one runtime, from the launch that checked it.

    Attributes:
        build_seconds: seconds to export or compile, outside the timed calls.
        load_seconds: seconds to load what was built; None where nothing is loaded.
        artefact_bytes: size of what would be deployed; None where nothing is saved.
        error: largest difference from eager, as a share of the norm.
        threads: mean number of threads that were ready to run during a call.
        note: what a reader has to know of this build; "" if nothing.

    """

    build_seconds: float
    load_seconds: float | None
    artefact_bytes: int | None
    error: float
    threads: float
    note: str = ""

    def __post_init__(self) -> None:
        """Raise ValueError for what no build has."""
        found = (
            *(self.build_seconds, self.load_seconds, self.artefact_bytes),
            *(self.error, self.threads),
        )
        if not all(0 <= (each or 0) < float("inf") for each in found):
            raise ValueError("a fact of a runtime is less than 0 or not finite")
        if len(self.note) > MOST_LETTERS_OF_A_NOTE:
            raise ValueError(f"a note of {len(self.note)} characters")
