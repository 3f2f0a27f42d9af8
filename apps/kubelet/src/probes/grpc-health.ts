import { Client, credentials, status as Code } from '@grpc/grpc-js';
import { type ProbeOutcome } from './run-probe';

const servingNames = ['UNKNOWN', 'SERVING', 'NOT_SERVING', 'SERVICE_UNKNOWN'];
const serving = 1;

/** Asks grpc.health.v1.Health/Check. The two messages have one field each, so they are written here by hand. */
export function checkGrpcHealth(host: string, port: number, service: string, timeoutMs: number): Promise<ProbeOutcome> {
  const address = `${host.includes(':') ? `[${host}]` : host}:${port}`;
  const within = `${timeoutMs / 1000}s`;
  const deadline = Date.now() + timeoutMs;
  const client = new Client(address, credentials.createInsecure(), { 'grpc.primary_user_agent': 'kube-probe/1.36', 'grpc.use_local_subchannel_pool': 1 });
  return new Promise((resolve) => {
    const end = (outcome: ProbeOutcome): void => {
      client.close();
      resolve(outcome);
    };
    const ask = (): unknown => client.makeUnaryRequest('/grpc.health.v1.Health/Check', encodeRequest, decodeStatus, service, { deadline }, (error, answer = 0) => {
      if (!error) {
        if (answer === serving) end({ result: 'success', output: 'service healthy' });
        else end({ result: 'failure', output: `service unhealthy (responded with "${servingNames[answer] ?? String(answer)}")` });
      } else if (error.code === Code.UNIMPLEMENTED) end({ result: 'failure', output: `error: this server does not implement the grpc health protocol (grpc.health.v1.Health): ${error.details}` });
      else if (error.code === Code.DEADLINE_EXCEEDED) end({ result: 'failure', output: `timeout: health rpc did not complete within ${within}` });
      else end({ result: 'failure', output: `error: health rpc probe failed: ${error.message}` });
    });
    client.waitForReady(deadline, (error) => {
      if (error) end({ result: 'failure', output: `timeout: failed to connect service "${address}" within ${within}: context deadline exceeded` });
      else ask();
    });
  });
}

/** HealthCheckRequest { string service = 1 } */
function encodeRequest(service: string): Buffer {
  const name = Buffer.from(service);
  return name.length === 0 ? name : Buffer.concat([Buffer.from([0x0a, ...varint(name.length)]), name]);
}

/** HealthCheckResponse { ServingStatus status = 1 } */
function decodeStatus(data: Buffer): number {
  return data[0] === 0x08 ? data[1] ?? 0 : 0;
}

function varint(value: number): number[] {
  return value < 0x80 ? [value] : [(value & 0x7f) | 0x80, ...varint(value >>> 7)];
}
