"""Workbooks into rows of text, in a process of its own: it may hold so much memory and time, and open nothing."""
