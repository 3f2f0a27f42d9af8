// What crosses a process's boundaries now, a line each, from the socket of its --tap-socket:
//   node tools/tap.mjs /tmp/tap.sock            (in a container: docker-compose exec apiserver-1 node tools/tap.mjs /tmp/tap.sock)
import { connect } from 'node:net';
import { createInterface } from 'node:readline';

const [path] = process.argv.slice(2);
if (!path) {
  console.error('usage: node tools/tap.mjs SOCKET');
  process.exit(2);
}
const arrows = { in: '→', out: '←' };
const socket = connect(path);
socket.on('error', (error) => {
  console.error(`no process tells anything at ${path}: ${error.message}`);
  process.exit(1);
});
process.stdout.on('error', () => process.exit(0));
createInterface(socket).on('line', (line) => {
  const { time, carrier, direction, what, bytes, message } = JSON.parse(line);
  console.log(`${time} ${arrows[direction]} ${carrier.padEnd(4)} ${what}${bytes === undefined ? '' : ` ${bytes} B`}${message === undefined ? '' : ` ${JSON.stringify(message)}`}`);
});
