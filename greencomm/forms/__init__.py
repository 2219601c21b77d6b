"""The county workbook through one layout: issued, filled, read back."""
