"""The schema, step by step. A step that was released is never changed; there is no way back but a backup.

A step is written by hand, with the types of the database and not of the program, in a file `versions/NNNN_noun.py`;
the tests compare what the steps make with what `safety_service.store.tables` says.
"""
