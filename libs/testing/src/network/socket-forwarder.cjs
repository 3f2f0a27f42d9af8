// Runs in a network namespace of a test: whoever connects to the port of 127.0.0.1 speaks with the Unix socket.
const net = require('node:net');
const [port, path] = process.argv.slice(2);
net.createServer((near) => {
  const far = net.connect(path);
  for (const [from, to] of [[near, far], [far, near]]) from.on('error', () => to.destroy()).on('close', () => to.destroy()).pipe(to);
}).listen(Number(port), '127.0.0.1');
