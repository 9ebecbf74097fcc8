"""STL002 unused-ignore: A suppression comment that suppresses nothing.

## What it does

Reports `# stalecheck: ignore` comments that hide no diagnostic, name an unknown code, or are
misspelt.

## Why is this bad

A comment that no longer hides anything hides the next mistake on its line.

## Example

```python
# file: app.py
import os  # stalecheck: ignore[STL101]
```

## Use instead

```python
# file: app.py
import os
```

## When it is fine

Never for long: remove the comment.
"""
