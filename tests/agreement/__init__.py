"""Agreement with the interpreter: real packages are imported, reloaded and linted, and the answers compared.

``python -m tests.agreement`` prints the table; `test_agreement.py` holds a sample of it in the test suite.
"""
