module.exports = { displayName: 'custom-resources', preset: '../../jest.preset.cjs' };
