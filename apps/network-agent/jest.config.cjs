module.exports = { displayName: 'network-agent', preset: '../../jest.preset.cjs' };
