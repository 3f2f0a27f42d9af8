import { answerFailure } from './answer-failure';

it.each<[code: number, body: string, contentType: string | undefined, says: string | undefined]>([
  [200, '{}', undefined, undefined],
  [206, 'x', undefined, undefined],
  [200, '', undefined, '0-length response with status code: 200 and content type: application/json'],
  [200, '', 'text/plain', '0-length response with status code: 200 and content type: text/plain'],
  [207, '{}', undefined, 'the server responded with the status code 207 but did not return more information'],
  [307, '', undefined, 'the server responded with the status code 307 but did not return more information'],
  [404, 'nothing here', 'text/plain', 'the server could not find the requested resource'],
  [403, ' not you\n', 'text/plain', 'not you'],
  [403, '{"a":1}', 'application/json', 'unknown'],
  [406, '', 'text/plain', 'the server was unable to respond with a content type that the client supports'],
  [500, 'say "what"\n', 'text/plain; charset=utf-8', 'an error on the server ("say \\"what\\"") has prevented the request from succeeding'],
  [500, 'oops', undefined, 'an error on the server ("oops") has prevented the request from succeeding'],
  [502, '<p>', 'application/xhtml+xml', 'an error on the server ("unknown") has prevented the request from succeeding'],
  [500, '{"kind":"Status","apiVersion":"v1","status":"Failure","message":"not today"}', 'application/json', 'not today'],
  [503, '{"kind":"Status","status":"Success","message":"fine"}', 'application/json', 'the server is currently unable to handle the request'],
])('a %i of %j (%s) is: %s', (code, body, contentType, says) => {
  expect(answerFailure({ code, body, contentType })).toBe(says);
});
