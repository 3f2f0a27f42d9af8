export { conformToType } from './conform';
export { DecodeError } from './decode-error';
export { decodeJson, type DecodeLimits } from './decode-json';
export { decodeObject, decodeUntypedObject, type DecodedObject } from './decode-object';
export { decodeYaml } from './decode-yaml';
export { type ExactJson } from './exact-json-parser';
export { cannotBeHandled, enforceFieldValidation, fieldValidationOf, strictDecodingError, unrecognizedObject, type BodyKind, type FieldValidation } from './field-validation';
export { cloneJson, equalJson, getMember, isJsonObject, setMember, type JsonObject, type JsonValue } from './json-value';
export { plainText, serializeForStorage, serializeJson, serializeUntyped, storedPrefix } from './serialize';
