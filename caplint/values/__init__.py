"""Values of C constant expressions: typed integers, the evaluator, and the text of expressions."""
