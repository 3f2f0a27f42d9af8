module.exports = { displayName: 'component-base', preset: '../../jest.preset.cjs' };
