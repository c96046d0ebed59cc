"""Why an object was refused."""


class Fault(Exception):
    """`name` is a result class of docs/format.md, or `legacy`: a legacy value that does not open has no class."""

    def __init__(self, name, detail):
        super().__init__(f"{name}: {detail}")
        self.name = name
        self.detail = detail
