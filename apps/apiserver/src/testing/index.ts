export { RestClient, TestWatch, type RestAnswer, type WatchEvent } from './rest-client';
export { startTestApiserver, type TestApiserver, type TestApiserverOptions } from './start-test-apiserver';
