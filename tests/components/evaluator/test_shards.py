"""Shards: together they are all records, each once."""

import tensorflow as tf

from components.evaluator import shards


def test_the_shards_of_a_file_hold_every_record_once(tmp_path):
  written = [f'record {number}'.encode() for number in range(50)]
  with tf.io.TFRecordWriter(str(tmp_path / 'data')) as writer:
    for record in written:
      writer.write(record)
  batches = [batch for shard in shards.shards_of([str(tmp_path / 'data')]) for batch in shard.batches()]
  assert sorted(record for batch in batches for record in batch) == sorted(written)
  assert max(len(batch) for batch in batches) == shards.BATCH_SIZE


def test_every_shard_has_a_name_of_its_own_that_a_retry_gives_again():
  made, again = (shards.shards_of(files) for files in (['a', 'b'], ['b', 'a']))
  assert len({shard.name for shard in made}) == 2 * shards.SHARDS_A_FILE
  assert made == again
