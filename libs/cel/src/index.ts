/** Kubernetes' dialect of the Common Expression Language: parsed, checked against schemas, estimated, and evaluated within a budget. Pure. */
export { variables, type Declarations } from './check/declarations';
export { type Range } from './check/range';
export { authorizerValue, resourceCheckValue, type AuthorizationAnswer, type AuthorizationQuery, type Authorize } from './functions/authorizer';
export { compilePattern } from './functions/regex';
export * from './limits';
export { compile, ResultTypeError, type Environment, type Evaluation, type Program } from './program';
export { type Activation } from './run/run';
export { escapeField, unescapeField } from './schema/escape';
export { fromJson } from './schema/from-json';
export { type OpenApiSchema } from './schema/open-api-schema';
export { mostInRequest, typeOfSchema } from './schema/schema-type';
export { CompileError } from './syntax/source-error';
export { formatType, types, type CelType, type ObjectType } from './types/cel-type';
export { CostExceeded, EvalError } from './values/eval-error';
export { toJson } from './values/to-json';
export { equals } from './values/equal';
export { ArrayList, Duration, HashMap, isList, isMap, Optional, Timestamp, typeNameOf, Uint, type ListValue, type MapValue, type OpaqueValue, type Value } from './values/value';
