"""Agreement with the interpreter: real packages are imported, reloaded and linted, and the answers compared.

``python -m tests.agreement`` prints the table; `test_agreement.py` holds a sample of it in the test suite.
``python -m tests.agreement.search`` generates small projects that reload until the two differ; `test_projects.py` holds
a sample of those.
"""
