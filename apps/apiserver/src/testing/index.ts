export { startTestApiserver, type TestApiserver, type TestApiserverOptions } from './start-test-apiserver';
