"""The page of the ingest report."""

import re

from components.voc_example_gen.report import page, summary
from tests.support import voc_maker


def test_the_page_shows_counts_charts_and_the_worst_images(messy):
  planned, _, tally = voc_maker.examine(messy)
  html = page.render(planned, summary.as_dict(planned, tally))
  assert 'Annotations/lost.xml' in html
  assert 'box merged exact duplicate' in html
  assert '<b>odd</b>' not in html
  assert '&lt;b&gt;odd&lt;/b&gt; &amp; $x$.jpg' in html
  assert html.count('data:image/svg+xml') == 3
  assert re.search(r'<img src="data:image/jpeg[^>]*alt="JPEGImages/clip.jpg"', html)
  assert 'http://' not in html.replace('http://www.w3.org', '')
  assert page.render(planned, summary.as_dict(planned, tally)) == html
