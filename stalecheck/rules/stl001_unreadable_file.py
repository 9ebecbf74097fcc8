"""STL001 unreadable-file: A file that cannot be read or parsed.

## What it does

Reports a file that cannot be read, decoded or parsed. Everything else is still checked.

## Why is this bad

What the file imports, holds or reloads is not known, so the report is incomplete.

## Example

```python
# file: broken.py
def broken(:
    pass
```

## Use instead

```python
# file: broken.py
def mended():
    pass
```

## When it is fine

For files that are not meant for the supported Python versions, such as templates: exclude them with
`--extend-exclude`.
"""
