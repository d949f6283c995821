"""XML in every encoding that a tool writes."""

import pytest

from components.voc_example_gen import xml_text
from components.voc_example_gen.refusals import Reason, RefusedFileError

BODY = '<annotation><name>{}</name></annotation>'


def document(name, declared, written, before=''):
  """An XML document that declares one encoding and is written in another."""
  head = f'<?xml version="1.0" encoding="{declared}"?>' if declared else ''
  return (before + head + BODY.format(name)).encode(written)


READ = {
  'UTF-8 without its hyphen': ('Bär', document('Bär', 'utf8', 'utf-8')),
  'UTF-8 in capitals, with an underscore': ('Bär', document('Bär', 'UTF_8', 'utf-8')),
  'nothing declared': ('Bär', document('Bär', '', 'utf-8')),
  'one byte a character': ('кот', document('кот', 'windows-1251', 'cp1251')),
  'Latin': ('Bär', document('Bär', 'ISO-8859-1', 'latin-1')),
  'GB 2312': ('猫', document('猫', 'gb2312', 'gb2312')),
  'GB 2312, with characters of GBK': ('鎔', document('鎔', 'GB2312', 'gbk')),
  'GBK': ('猫', document('猫', 'gbk', 'gbk')),
  'GB 18030': ('猫', document('猫', 'gb18030', 'gb18030')),
  'Big5': ('貓', document('貓', 'Big5', 'big5')),
  'Shift JIS': ('猫', document('猫', 'Shift_JIS', 'shift_jis')),
  'Shift JIS as Windows extends it': ('髙', document('髙', 'Shift_JIS', 'cp932')),
  'EUC-JP': ('猫', document('猫', 'EUC-JP', 'euc_jp')),
  'ISO-2022-JP': ('猫', document('猫', 'ISO-2022-JP', 'iso2022_jp')),
  'EUC-KR': ('고양이', document('고양이', 'euc-kr', 'euc_kr')),
  'UTF-16 with its mark': ('Bär', document('Bär', 'utf-16', 'utf-16')),
  'UTF-16, its mark the other way round': ('Bär', document('Bär', 'utf-16', 'utf-16-be', '\ufeff')),
  'UTF-16 without a mark': ('Bär', document('Bär', 'utf-16', 'utf-16-le')),
  'UTF-16 without a mark or declaration': ('Bär', document('Bär', '', 'utf-16-be')),
  'UTF-16 that declares UTF-8': ('Bär', document('Bär', 'utf-8', 'utf-16')),
  'UTF-16 that declares UTF-8, without a mark': ('Bär', document('Bär', 'utf-8', 'utf-16-be')),
  'UTF-8 that declares UTF-16': ('Bär', document('Bär', 'utf-16', 'utf-8')),
  'UTF-8 that declares UTF-16LE': ('Bär', document('Bär', 'UTF-16LE', 'utf-8')),
  'UTF-32': ('Bär', document('Bär', 'utf-32', 'utf-32')),
  'UTF-32 without a mark': ('Bär', document('Bär', 'utf-32', 'utf-32-be')),
  'UTF-8 that declares ASCII': ('Bär', document('Bär', 'US-ASCII', 'utf-8')),
  'ASCII in an encoding nobody knows': ('cat', document('cat', 'x-klingon', 'ascii')),
  'a mark': ('Bär', document('Bär', 'utf-8', 'utf-8-sig')),
  'a mark, and another declared encoding': ('Bär', document('Bär', 'iso-8859-1', 'utf-8-sig')),
  'a mark, and a declared encoding of several bytes': ('猫', document('猫', 'gb2312', 'utf-8-sig')),
  'a mark twice': ('Bär', document('Bär', 'utf-8', 'utf-8-sig', '\ufeff')),
  'a mark, then an empty line': ('Bär', document('Bär', 'utf-8', 'utf-8', '\ufeff\r\n')),
  'an empty line, then a mark': ('Bär', document('Bär', 'utf-8', 'utf-8', '\n\ufeff')),
  'white space first': ('Bär', document('Bär', 'utf8', 'utf-8', ' \t\r\n\n')),
  'an empty line in UTF-16': ('Bär', document('Bär', 'utf-16', 'utf-16', '\r\n')),
  'an empty line in UTF-16 without a mark': ('Bär', document('Bär', 'utf-16', 'utf-16-be', '\r\n')),
}


@pytest.mark.parametrize(('name', 'content'), READ.values(), ids=READ)
def test_an_encoding_is_read(name, content):
  assert xml_text.parse(content).findtext('name') == name


BOMB = '<?xml version="1.0" encoding="{}"?><!DOCTYPE a [<!ENTITY b "ha">]><annotation>&b;</annotation>'

REFUSED = {
  'bytes of another encoding': (document('Bär', 'utf8', 'latin-1'), Reason.XML_NOT_WELL_FORMED, 'utf-8'),
  'bytes that GBK does not have': (
    document('x', 'gbk', 'utf-8').replace(b'x<', b'\xff\xff<'), Reason.XML_NOT_WELL_FORMED, 'gbk'),
  'a mark of UTF-8 before other bytes': (
    b'\xef\xbb\xbf' + document('Bär', 'latin-1', 'latin-1'), Reason.XML_NOT_WELL_FORMED, 'utf-8'),
  'UTF-16, cut within a character': (document('Bär', 'utf-16', 'utf-16')[:-1], Reason.XML_NOT_WELL_FORMED, 'utf-16'),
  'an unknown encoding': (document('ö', 'klingon', 'utf-8'), Reason.XML_NOT_WELL_FORMED, 'klingon'),
  'a codec that is a cipher': (document('x', 'rot13', 'utf-8'), Reason.XML_NOT_WELL_FORMED, 'rot'),
  'a codec that unpacks': (document('x', 'zip', 'utf-8'), Reason.XML_NOT_WELL_FORMED, 'zlib'),
  'escapes': (document('\\u732b', 'unicode_escape', 'utf-8'), Reason.XML_NOT_WELL_FORMED, 'unicode_escape'),
  'host names': (document('x', 'idna', 'utf-8'), Reason.XML_NOT_WELL_FORMED, 'idna'),
  'UTF-7': (document('x', 'utf-7', 'utf-8'), Reason.XML_NOT_WELL_FORMED, 'utf-7'),
  'nothing': (b'', Reason.XML_NOT_WELL_FORMED, ''),
  'a mark alone': (b'\xff\xfe', Reason.XML_NOT_WELL_FORMED, ''),
  'a document type in GBK': (BOMB.format('gbk').encode('gbk'), Reason.XML_FORBIDDEN, ''),
  'a document type in UTF-16 that declares UTF-8': (BOMB.format('utf-8').encode('utf-16'), Reason.XML_FORBIDDEN, ''),
  'a document type after a mark and an empty line': (
    ('\ufeff\n' + BOMB.format('utf8')).encode(), Reason.XML_FORBIDDEN, ''),
}  # fmt: skip


@pytest.mark.parametrize(('content', 'reason', 'named'), REFUSED.values(), ids=REFUSED)
def test_a_document_that_is_refused_by_name(content, reason, named):
  with pytest.raises(RefusedFileError) as refused:
    xml_text.parse(content)
  assert refused.value.reason == reason
  assert named in refused.value.detail
