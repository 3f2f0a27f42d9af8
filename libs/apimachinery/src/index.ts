/** The machinery of the Kubernetes API that knows no kind: errors, quantities, selectors, JSON, patches, protobuf, OpenAPI. Pure. */
export * from './errors';
export { aggregateMessages, fieldErrors, type FieldError, type FieldErrorType } from './validation/field-error';
export { FieldPath } from './validation/field-path';
export { compareStrings } from './text/compare-strings';
export { goQuote, isPrintable } from './text/go-quote';
export { utf8Length } from './text/utf8-length';
