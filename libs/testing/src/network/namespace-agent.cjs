// Runs in a network namespace of a test: serves TCP and UDP on port 8080 with its name and the client's address, and asks others
// on command, one line of JSON each way.
const net = require('node:net');
const dgram = require('node:dgram');
const { createInterface } = require('node:readline');

const name = process.argv[2];
net.createServer((socket) => socket.on('error', () => undefined).end(`${name} ${socket.remoteAddress.replace('::ffff:', '')}`)).listen(8080, '::', () => console.log('{"up":true}'));
for (const [type, address] of [['udp4', '0.0.0.0'], ['udp6', '::']]) {
  const server = dgram.createSocket({ type, ipv6Only: type === 'udp6' }).on('message', (_message, from) => server.send(`${name} ${from.address}`, from.port, from.address)).bind(8080, address);
}

/** On a busy machine answers are slow: who asks only once has to wait so long for one, in milliseconds. */
const patience = 700;

function tcp({ address, port, send }, silentMs) {
  return new Promise((resolve) => {
    let said = '';
    const socket = net.connect({ host: address, port }, () => send && socket.write(send));
    const end = (answer) => {
      socket.destroy();
      resolve(answer);
    };
    const timer = setTimeout(() => end('silent'), silentMs);
    socket.on('error', (error) => (clearTimeout(timer), end(error.code)));
    socket.on('data', (data) => (said += data));
    socket.on('end', () => (clearTimeout(timer), end(said === '' ? 'closed' : said)));
  });
}

function udp({ address, port, localPort }, silentMs) {
  return new Promise((resolve) => {
    const socket = dgram.createSocket({ type: net.isIPv6(address) ? 'udp6' : 'udp4', reuseAddr: true });
    const end = (answer) => (clearTimeout(timer), socket.close(), resolve(answer));
    const timer = setTimeout(() => end('silent'), silentMs);
    socket.on('message', (message) => end(message.toString()));
    socket.on('error', (error) => end(error.code));
    socket.bind(localPort ?? 0, () => socket.connect(port, address, () => socket.send('?')));
  });
}

(async () => {
  for await (const line of createInterface({ input: process.stdin })) {
    const { targets, times = 1, silentMs = patience, ...target } = JSON.parse(line);
    const one = ({ protocol, ...where }) => (protocol === 'udp' ? udp : tcp)(where, silentMs);
    const answers = targets === undefined ? [] : await Promise.all(targets.map(one));
    for (let turn = 0; targets === undefined && turn < times; turn++) answers.push(await one(target));
    console.log(JSON.stringify({ answers }));
  }
  process.exit(0);
})();
