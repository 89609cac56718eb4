import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { v5 } from 'uuid';
import { uuidV5 } from './uuid-v5.js';

describe('UUIDs of version 5', () => {
  test('the example of RFC 9562, A.4', () => {
    expect(uuidV5('www.example.com', '6ba7b810-9dad-11d1-80b4-00c04fd430c8')).toBe(
      '2ed6657d-e927-568b-95e1-2665a8aea6a2',
    );
  });

  test('are those of the library, for any name in any namespace', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), fc.uuid(), fc.boolean(), (name, uuid, inCapitals) => {
        const namespace = inCapitals ? uuid.toUpperCase() : uuid;
        expect(uuidV5(name, namespace)).toBe(v5(Buffer.from(name), namespace));
      }),
    );
  });

  test.each(['', 'no uuid', '6ba7b810-9dad-11d1-80b4-00c04fd430c', '6ba7b810-9dad-11d1-80b4-00c04fd430c8ff'])(
    'what is no UUID is no namespace: %j',
    (namespace) => {
      expect(() => uuidV5('name', namespace)).toThrow(TypeError);
    },
  );
});
