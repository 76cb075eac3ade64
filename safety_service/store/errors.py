"""What can go wrong below the actions, in the service's own words: callers never see the driver's exceptions."""


class DatabaseAway(Exception):
    """The database cannot be reached, or went away in the middle. Nothing of the transaction was kept, unless the
    connection was lost in the very moment of the commit: then nobody knows, and what is done again must be idempotent.
    """


class TryAgain(Exception):
    """The database was busy with others (deadlock, lock, timeout). Nothing was kept; the same may work now."""


class AllInUse(TryAgain):
    """All connections of this process were in use for as long as one waits. To wait once more at once helps nobody."""


class KeysDoNotOpen(Exception):
    """The secret keys of this process do not open what is sealed in this database. Nothing was changed."""


class SchemaIsNewer(Exception):
    """The database was upgraded by newer code than this. This process must not touch it."""


class WasMoved(SchemaIsNewer):
    """All that was in this database goes on in another: whoever began here would watch, and hear, for nobody."""


class SchemaIsOlder(Exception):
    """The database has no schema yet, or an older one: `doorstep migrate` brings it up to date."""


class NoSuchRow(LookupError):
    """There is no row with this id."""


class CannotKeep(DatabaseAway):
    """The database answers, and keeps nothing: its disk is full, or it may only be read. Nothing was kept."""


class CopyFailed(Exception):
    """A copy of the database could not be made, or not be put back. Says why, and nothing was changed."""
