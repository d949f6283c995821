"""Small texts are decoded by their mark or as UTF-8, and otherwise only where one encoding is plausible."""

import pytest

from components.voc_example_gen import plain_text

UNICODE = ('utf-8', 'utf-8-sig', 'utf-16', 'utf-16-le', 'utf-16-be', 'utf-32')


@pytest.mark.parametrize('encoding', UNICODE)
def test_unicode_is_read_with_and_without_a_mark(encoding):
  assert plain_text.decode('names: [cat, Bär, 猫]\n'.encode(encoding)) == ('names: [cat, Bär, 猫]\n', '')


def test_chinese_is_read_as_gbk_and_said_to_be_a_guess():
  text = "names: ['猫', '狗']  # 类别"
  assert plain_text.decode(text.encode('gbk')) == (text, 'GBK')


@pytest.mark.parametrize('text', ['고양이\n개\n', 'names: [사람, 자동차, 표지판]'])
def test_korean_is_not_taken_for_chinese(text):
  assert plain_text.decode(text.encode('euc-kr')) == (text, 'EUC-KR')


@pytest.mark.parametrize('text', ['names: [Bär, Müll]', 'café\nchât\n', 'Größe\n'])
def test_latin_letters_with_accents_are_read_as_windows_1252(text):
  assert plain_text.decode(text.encode('latin-1')) == (text, 'Windows-1252')


@pytest.mark.parametrize(
  'content',
  [b'\xff\xfe\x00\x01\x02', 'names: [кошка, собака]'.encode('cp1251'), bytes(range(128, 256)), b'a\0\0\0b\0\0'],
)
def test_what_cannot_be_told_is_no_text(content):
  with pytest.raises(UnicodeError):
    plain_text.decode(content)
