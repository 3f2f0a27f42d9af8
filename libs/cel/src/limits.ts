// Mirrors staging/src/k8s.io/apiserver/pkg/apis/cel/config.go and apiextensions' schema/cel/compilation and validation.

/** What one evaluation of an expression may cost. */
export const PER_CALL_LIMIT = 1_000_000;
/** What all expressions of one object's validation, or of one policy, may cost together. */
export const RUNTIME_BUDGET = 10_000_000;
/** What the match conditions of one webhook or policy may cost together. */
export const MATCH_CONDITIONS_BUDGET = RUNTIME_BUDGET / 4;
/** What one rule of a CustomResourceDefinition may be estimated to cost at most. */
export const STATIC_RULE_LIMIT = 10_000_000;
/** And all rules of a schema together. */
export const STATIC_SCHEMA_LIMIT = 100_000_000;
