import { GrpcCallContext, type ServerCall } from './call-context';

describe('the context of a call', () => {
  it('says that the caller is gone where its socket no longer knows who it was', () => {
    const gone: Pick<ServerCall, 'getAuthContext'> = {
      getAuthContext: () => {
        throw new TypeError("Cannot read properties of null (reading 'raw')");
      },
    };
    const context = new GrpcCallContext(gone as ServerCall, new AbortController().signal);
    expect(() => context.peer).toThrow('UNAVAILABLE: the caller is gone');
  });
});
