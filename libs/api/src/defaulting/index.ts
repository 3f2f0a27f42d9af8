export { type Defaulter } from './defaulter';
export { defaultsFor } from './defaults-for';
