"""The batching parameters, as the server would read them."""

import re

from components.pusher import batching


def test_batches_are_filled_up_to_allowed_sizes_of_which_the_last_is_the_largest():
  text = batching.parameters()
  assert re.fullmatch(r'(\w+( \{ value: \d+ \}|: \d+)\n)+', text)
  assert [int(size) for size in re.findall(r'allowed_batch_sizes: (\d+)', text)] == [1, 2, 4, 8]
  # The server refuses to load where these two differ.
  assert re.search(r'max_batch_size \{ value: 8 \}', text)
