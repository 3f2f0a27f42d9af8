import { NumberedRequests, requestBytes } from './request-template';

describe('requestBytes', () => {
  it('gives the length of the body in bytes, not characters', () => {
    expect(requestBytes({ method: 'POST', path: '/x', body: '{"a":"ü"}' }).toString()).toBe('POST /x HTTP/1.1\r\nHost: localhost\r\nAccept: application/json\r\nContent-Length: 10\r\n\r\n{"a":"ü"}');
  });
});

describe('NumberedRequests', () => {
  it('writes its number, and the number within the spread, wherever the marks are', () => {
    const requests = new NumberedRequests({ method: 'PATCH', path: '/pods/p-@@@@@@@', body: '{"n":"#######","again":"#######"}' }, 16);
    expect(requests.number(35).toString()).toMatch(/^PATCH \/pods\/p-0000003 [^]*\{"n":"0000035","again":"0000035"\}$/);
    expect(requests.number(9_999_999).toString()).toContain('"n":"9999999"');
  });

  it('leaves a request that is still being sent alone', () => {
    const requests = new NumberedRequests({ method: 'GET', path: '/#######' });
    const first = requests.number(1);
    requests.number(2);
    expect(first.toString()).toContain('/0000001 ');
  });
});
