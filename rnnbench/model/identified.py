"""Values with an id that is made once."""


class Identified:
    """A value with an id that is made at its first use.

    A run of 100,000 cases asks for each id some twenty times, and making one takes
    5 µs. It is kept in a slot that is not a field, so it is not part of the value.
    """

    __slots__ = ("_id",)
    _id: str

    @property
    def id(self) -> str:
        """Its name in files and for people; the form never changes."""
        try:
            return self._id
        except AttributeError:
            object.__setattr__(self, "_id", self._make_id())
            return self._id

    def _make_id(self) -> str:
        raise NotImplementedError
