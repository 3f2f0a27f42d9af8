// The library resolves its parts by decorators and needs this loaded before it.
import 'reflect-metadata';
import * as x509 from '@peculiar/x509';

export { x509 };
