"""Code that macros expand to: functions, labels and declarations."""
