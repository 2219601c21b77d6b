"""From what lies in the input folder to workbooks worth reading."""
