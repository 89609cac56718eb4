import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { TOLERANCE_S, signatureOf, verdictOn } from './webhook-signature.js';

const SECRET = 'whsec_0123456789abcdef0123456789abcdef';
const OTHER = 'whsec_fedcba9876543210fedcba9876543210';
const NOW = 1_767_225_600;
const BODY = Buffer.from('{"id":"evt_1"}');

const verdict = (header: string | undefined, body = BODY, secrets = [SECRET], now = NOW) =>
  verdictOn(header, body, secrets, now);
const signed = signatureOf(BODY, [SECRET], NOW);
const [, digest = ''] = signed.split('v1=');

describe('a signature', () => {
  // printf '1767225600.{"id":"evt_1"}' | openssl dgst -sha256 -hmac whsec_0123456789abcdef0123456789abcdef
  it.each([
    [SECRET, NOW, BODY, 'a88b188837a1be25993ca468744d6726e044362d566b727d53dc45f7b5ce6d77'],
    [SECRET, NOW, Buffer.alloc(0), '96d8ad3ff87239bd87eb387c8e4b07a92489f73f6253248ee0bd7be244c3266f'],
    [
      OTHER,
      1,
      Buffer.from('{"name":"Zoë ☕"}'),
      '5da927513194e3f3649f0da983487c816c4690f5ce78c7a27a28107c7d2ae40b',
    ],
  ])('is what openssl makes of secret, time and body (%#)', (secret, seconds, body, hex) => {
    expect(signatureOf(body, [secret], seconds)).toBe(`t=${seconds},v1=${hex}`);
    expect(verdict(`t=${seconds},v1=${hex}`, body, [secret], seconds)).toBe('authentic');
  });

  it('is over the bytes, whatever they are', () => {
    fc.assert(
      fc.property(fc.uint8Array(), fc.nat(2 ** 31), (bytes, at) => {
        const body = Buffer.from(bytes);
        const header = signatureOf(body, [SECRET], at + 1);
        expect(verdict(header, body, [SECRET], at + 1)).toBe('authentic');
        expect(verdict(header, Buffer.concat([body, Buffer.of(0)]), [SECRET], at + 1)).toBe('forged');
      }),
    );
  });

  it('may be one of several, and the secret, too: either side may change its secret first', () => {
    expect(verdict(signatureOf(BODY, [OTHER, SECRET], NOW))).toBe('authentic');
    expect(verdict(signed, BODY, [OTHER, SECRET])).toBe('authentic');
    expect(verdict(signatureOf(BODY, [OTHER], NOW))).toBe('forged');
  });

  it('holds for five minutes, either way', () => {
    for (const away of [0, TOLERANCE_S, -TOLERANCE_S])
      expect(verdict(signed, BODY, [SECRET], NOW + away)).toBe('authentic');
    for (const away of [TOLERANCE_S + 1, -TOLERANCE_S - 1])
      expect(verdict(signed, BODY, [SECRET], NOW + away)).toBe('untimely');
  });

  it('that is wrong does not tell whether its time was right', () =>
    expect(verdict(signatureOf(BODY, [OTHER], 1))).toBe('forged'));

  it('may stand beside those of schemes that are not known yet, and after spaces', () => {
    expect(verdict(`${signed},v2=abc`)).toBe('authentic');
    expect(verdict(signed.replace(',', ', '))).toBe('authentic');
    expect(verdict(signed.replace(digest, digest.toUpperCase()))).toBe('authentic');
  });
});

describe('a header that is none', () => {
  it.each([
    ['nothing', undefined],
    ['an empty one', ''],
    ['only a time', `t=${NOW}`],
    ['only a signature', `v1=${digest}`],
    ['two times', `t=${NOW},t=${NOW + 1},v1=${digest}`],
    ['two headers in one', `${signed}, ${signed}`],
    ['a time in words', `t=now,v1=${digest}`],
    ['a negative time', `t=-1,v1=${digest}`],
    ['a fraction', `t=1.5,v1=${digest}`],
    ['a time in milliseconds of the far future', `t=${NOW}000,v1=${digest}`],
    ['a time with an exponent', `t=1e9,v1=${digest}`],
    ['a hexadecimal time', `t=0x5,v1=${digest}`],
    ['a time with leading zeros', `t=0${NOW},v1=${digest}`],
    ['a short signature', `t=${NOW},v1=${digest.slice(2)}`],
    ['a long signature', `t=${NOW},v1=${digest}00`],
    ['a signature that is no hex', `t=${NOW},v1=${'g'.repeat(64)}`],
    ['an empty signature', `t=${NOW},v1=`],
    ['another scheme only', `t=${NOW},v0=${digest}`],
    ['a part without a name', `t=${NOW},=x,v1=${digest}`],
    ['a part that is no pair', `t=${NOW},v1=${digest},garbage`],
    ['other separators', `t=${NOW};v1=${digest}`],
    ['many signatures', `t=${NOW},${Array.from({ length: 9 }, () => `v1=${digest}`).join(',')}`],
    ['a very long one', `t=${NOW},v1=${digest},v2=${'a'.repeat(1_000)}`],
  ])('is malformed: %s', (_what, header) => expect(verdict(header)).toBe('malformed'));
});

describe('a signature that does not fit', () => {
  it.each([
    ['for another body', signed, Buffer.from('{"id":"evt_2"}')],
    ['for a body with another space', signed, Buffer.from('{"id": "evt_1"}')],
    ['with another time', signed.replace(`t=${NOW}`, `t=${NOW + 1}`), BODY],
    ['with one digit changed', signed.replace(/.$/, (last) => (last === '0' ? '1' : '0')), BODY],
    ['of zeros', `t=${NOW},v1=${'0'.repeat(64)}`, BODY],
  ])('is forged: %s', (_what, header, body) => expect(verdict(header, body)).toBe('forged'));

  it('is forged where nobody has a secret', () => expect(verdict(signed, BODY, [])).toBe('forged'));
});
