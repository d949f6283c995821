"""The model card."""

from components.pusher import model_card


def test_a_model_card_tells_the_scores_of_every_class_and_nothing_breaks_its_table():
  scores = dict.fromkeys(('AP', 'AP50', 'AP75', 'AR100', 'precision', 'recall', 'F1'), 0.5) | {'AP75': None}
  model = {
    'images': 4,
    'objects': 5,
    'metrics': scores,
    'intervals': {'AP': {'low': 0.4, 'high': 0.6}},
    'per_class': [{'name': 'a|<b>\n', 'metrics': scores, 'best': {'score': 0.25}}],
  }
  card = model_card.render({'verdict': {'reason': 'good'}, 'facts': {}, 'model': model}, {'a|<b>\n': 1})
  assert '| a\\|&lt;b> | 0.500 | 0.500 | – | 0.500 | 0.500 | 0.500 | 0.500 | 0.25 |' in card
  assert '0.400 to 0.600' in card
