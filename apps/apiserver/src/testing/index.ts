export { RestClient, TestWatch, type RestAnswer, type WatchEvent } from './rest-client';
export { startTestApi, type TestApi } from './start-test-api';
export { startTestApiserver, type TestApiserver, type TestApiserverOptions } from './start-test-apiserver';
