export { type KindValidation, type ValidationContext } from './kind-validation';
export { validationFor } from './validation-for';
