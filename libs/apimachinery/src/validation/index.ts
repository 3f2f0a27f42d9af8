export { dns1035LabelMessages, dns1123LabelMessages, dns1123SubdomainMessages, dnsLabelMaxLength, dnsSubdomainMaxLength, wildcardSubdomainMessages } from './dns-names';
export { aggregateMessages, fieldErrors, within, type FieldError, type FieldErrorType } from './field-error';
export { FieldPath } from './field-path';
export {
  cIdentifierMessages, configMapKeyMessages, decimalIntegerMessages, envVarNameMessages, httpHeaderNameMessages, pathSegmentNameMessages, percentMessages,
  portNameMessages, portNumberMessages, rangeMessages,
} from './formats';
export { labelKeyMessages, labelValueMessages, validateAnnotations, validateLabelName, validateLabels } from './labels';
export { emptyMessage, maxBytesMessage, maxLengthMessage, rangeMessage, regexMessage } from './messages';
export { immutableMessage, labelName, subdomainName, validateObjectMeta, validateObjectMetaUpdate, type NameRule, type ValidatedMeta } from './object-meta';
export { textFormatOf, type TextFormat } from './text-formats';
export { validateDeleteOptions, validateFieldManager, validatePatchOptions, validateWriteOptions, type WriteOptions } from './options';
